r'''The command line: one module per command; it parses, calls and renders. How to write a command:

1. Add a line to ``COMMANDS`` in :mod:`senza.cli.main`: the name and how the command's help begins (a test
   compares the two). The module is ``senza.cli.<name>`` with dashes as underscores; it is imported when the command
   is invoked or completed, never for ``senza --help``.
2. The module defines ``command``, a click command::

       COLUMNS = (
           Column("stack_name"),
           Column("status", kind="state"),
           Column("creation_time", kind="time", title="Created"),
           Column("description", shrinks=True),
       )

       @click.command("list")
       @stack_refs()                            # STACK_REF..., arrives as `refs`, see senza.cli.types
       @table_options(COLUMNS, watch=True)      # -o --field -w -W, arrives as `table`
       @common_options                          # --region --profile --sandbox, kept by the Context
       @pass_context
       def command(context: Context, table: Table, refs: tuple[StackRef, ...]) -> None:
           """List the stacks.

           \b
           Examples:
             senza list hello-world
           """
           from senza.stacks.listing import ...  # what imports boto3, troposphere or YAML is imported in here

           table.show(context, lambda: rows(context.aws(), refs))

   Every help has an example (a test looks for it). ``\b`` keeps click from re-wrapping the lines.
3. What a command is given, see :mod:`senza.cli.context`: ``context.aws()``, ``context.account()``, ``context.clock``,
   ``context.say/warn`` (to stderr), ``context.confirm(question)`` or ``agrees``,
   ``context.carry_out(plan, dry_run=...)``.
   stdout is for results only: tables (:mod:`senza.cli.output`) and ``click.echo``.
4. Parameter types, see :mod:`senza.cli.types`: ``stack_refs()``, ``type=percentage`` (to half
   percents), ``type=key_value`` (to a pair).
5. Failing: raise a ``SenzaError`` (``UsageError`` → exit 2, the others → 1). Never print an error, never
   ``sys.exit``; :mod:`senza.cli.failure` does it. For an outcome that is no error, e.g. "it is gone already", say so
   and return.
6. Tests invoke the real thing with their own AWS and clock, and patch nothing::

       result = CliRunner().invoke(cli, ["list", "-o", "json"], obj=Context(aws, clock=clock))
       assert result.exit_code == 0, result.stderr
'''
