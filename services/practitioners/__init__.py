"""practitioners: who offers, the road to being verified, working hours, and finding somebody."""
