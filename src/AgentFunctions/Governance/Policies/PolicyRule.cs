namespace AgentFunctions.Governance.Policies;

/// <summary>One test of an action; cheap ones are made first.</summary>
/// <param name="Cost">How dear it is, relative to others: 0 for a look-up, 1 for a pattern, 2 for an expression, 3 for the history.</param>
/// <param name="Holds">The test.</param>
internal readonly record struct PolicyTest(int Cost, Func<ActionContext, bool> Holds);

/// <summary>A set of tests that must all hold.</summary>
internal sealed class PolicyCondition(IEnumerable<PolicyTest> tests)
{
    private readonly Func<ActionContext, bool>[] _tests = [.. tests.OrderBy(static test => test.Cost).Select(static test => test.Holds)];

    public bool Holds(ActionContext action)
    {
        foreach (Func<ActionContext, bool> test in _tests)
        {
            if (!test(action))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>A rule of a policy file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="When">What must hold for it to apply.</param>
/// <param name="Unless">What keeps it from applying.</param>
/// <param name="Answer">What it answers then.</param>
internal sealed record PolicyRule(string Name, PolicyCondition When, PolicyCondition? Unless, PolicyAnswer Answer) : IPolicyRule
{
    public PolicyAnswer? Decide(ActionContext action) =>
        When.Holds(action) && (Unless is null || !Unless.Holds(action)) ? Answer : null;
}

/// <summary>Says which calls read or write data of a kind.</summary>
/// <param name="Label">The kind, for instance <c>confidential</c>.</param>
/// <param name="When">Which calls.</param>
internal sealed record DataLabelRule(string Label, PolicyCondition When);

/// <summary>Says how much harm some calls could do.</summary>
/// <param name="Risk">How much.</param>
/// <param name="When">Which calls.</param>
internal sealed record RiskRule(RiskLevel Risk, PolicyCondition When);
