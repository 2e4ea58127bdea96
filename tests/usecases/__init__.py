"""What one wish does, from call to committed facts."""
