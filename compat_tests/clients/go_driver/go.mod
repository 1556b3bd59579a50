module kafkashim.test/go_driver

go 1.26
