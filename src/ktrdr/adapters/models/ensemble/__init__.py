"""Several models as one: members are fitted by their own trainers."""
