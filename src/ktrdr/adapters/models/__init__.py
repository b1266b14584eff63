"""Model libraries behind the ModelTrainer port."""
