package cli

// NewRoot lets the tests look at the verbs.
var NewRoot = newRoot
