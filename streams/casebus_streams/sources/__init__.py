"""How fresh each agency is: activity in, the state of every source out. A Faust application of its own."""
