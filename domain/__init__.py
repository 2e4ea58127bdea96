"""What the business means: no input or output, no clock reading, no logging."""
