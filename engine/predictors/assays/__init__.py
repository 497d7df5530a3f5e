"""What can be measured of candidates on request, apart from the suite's verdicts, and the predictors that follow."""
