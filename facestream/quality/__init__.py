"""How good people and models are: evaluation and calibration against labels."""
