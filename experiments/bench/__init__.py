"""How fast: every claim about speed or memory, measured beside another way of doing it in the same run.

    python -m experiments.bench                      all rows, several minutes
    python -m experiments.bench --only month share   some of them
    python -m experiments.bench --quick              small sizes: whether it works, not how fast it is
    python -m experiments.bench --only workers --runs 1000 --rounds 1

Both sides of a row take turns within each round, so that whatever else the machine does strikes both; at least three
rounds unless told otherwise, all of them shown. Nothing here fails: a row says whether its target is reached, and the
reader judges. A household-month is one household that lives one month.

Rows of the model (`months`): `month` is the full month on one core, beside the frozen month of `frozen` for as many
households, which tells how fast the machine was. `objects` and `numpy` are that frozen month by kernels against one mesa
agent per household and against plain NumPy. `share` is the part of a run that passes outside kernels. `memory` is what
columns weigh. `country` is a month of a country on one core, and what ten years would take. `help` is how soon the command
answers.

What the machine allows (`bounds`): `sizes` is a household-month from one town to a country. `bandwidth` is the kernels that pass
over every home, beside what memory alone would take for their bytes.

Rows of a study (`studies`): `overhead` is all that a run costs besides the model. `workers` is a study on two workers
against one. `flat` is the memory of few runs and of many. `files` is what a study leaves in its folder. `start` and
`months` are what runs save that share month 0, or their first months.
"""
