"""Arrays in, numbers out: accuracies, intervals, paired tests, ranking, sequential tests, correlation, item response."""
