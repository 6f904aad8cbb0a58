"""What happens in every scenario, one file each; `City.step` is the only order, and columns are where they meet."""
