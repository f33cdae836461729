// module in progress
