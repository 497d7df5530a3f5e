"""Arrays in, numbers out: accuracies, intervals, paired and sequential tests, ranking, correlation, item response."""
