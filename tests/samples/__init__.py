"""What several tests share: documents, bars, models, pools."""
