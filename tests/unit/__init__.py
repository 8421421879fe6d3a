"""The packages of flowdeco, one by one."""
