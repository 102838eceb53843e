package registry

// PickOptions narrows PickClient. The zero value does not.
type PickOptions struct {
	// Providers are those whose clients are wanted, lower-cased; nil: any.
	Providers []string
	// Exclude are clients that are not wanted, such as those that a request has tried already.
	Exclude []string
	// Local takes only clients that this replica holds itself.
	Local bool
}
