"""Decision trees behind the ModelTrainer port: several growers, one model, which needs none of them."""
