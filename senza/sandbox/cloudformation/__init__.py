"""CloudFormation as AWS runs it: checked templates, operations that take their time, rollback, events.

moto's own engine runs a stack in one go and knows neither rollback nor resource events; of moto only the models of the
resources themselves are used here.
"""
