"""What is learned from history between decisions: tables, tests and models.

The only package of the engine that may use SciPy, scikit-learn and XGBoost. It reads frames and
returns values; signals read those values and never this package.
"""
