"""What a strategy may name, as pure data: no kernel is imported to validate one."""
