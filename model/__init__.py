"""How much can a wijk carry? Tables of columns, kernels over them, and a month that can be read aloud (`model.city`)."""
