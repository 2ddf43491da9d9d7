namespace AgentFunctions.Governance.Policies;

/// <summary>One test of an action; cheap ones are made first.</summary>
/// <param name="Cost">
/// How dear it is, relative to others: 0 for a look-up, 1 for a pattern, 2 for an expression, 3 for the history.
/// </param>
/// <param name="Holds">The test; its second argument is the answer where it cannot be told.</param>
internal readonly record struct PolicyTest(int Cost, Func<ActionContext, bool, bool> Holds);

/// <summary>A set of tests that must all hold.</summary>
internal sealed class PolicyCondition(IEnumerable<PolicyTest> tests)
{
    private readonly Func<ActionContext, bool, bool>[] _tests = [.. tests.OrderBy(static test => test.Cost)
        .Select(static test => test.Holds)];

    /// <summary>Whether all tests hold.</summary>
    /// <param name="action">The action.</param>
    /// <param name="whenUnknown">
    /// What a test answers that cannot tell: true where holding restricts, false where it frees.
    /// </param>
    public bool Holds(ActionContext action, bool whenUnknown)
    {
        foreach (Func<ActionContext, bool, bool> test in _tests)
        {
            if (!test(action, whenUnknown))
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
    /// <summary>Gets whether the rule says which tools it is about.</summary>
    public bool NamesTools { get; init; }

    public PolicyAnswer? Decide(ActionContext action)
    {
        bool restricts = Answer.Verdict != PolicyVerdict.Allow;
        return When.Holds(action, restricts) && (Unless is null || !Unless.Holds(action, !restricts)) ? Answer : null;
    }
}

/// <summary>Says which calls read or write data of a kind.</summary>
/// <param name="Label">The kind, for instance <c>confidential</c>.</param>
/// <param name="When">Which calls.</param>
internal sealed record DataLabelRule(string Label, PolicyCondition When);

/// <summary>Says how much harm some calls could do.</summary>
/// <param name="Risk">How much.</param>
/// <param name="When">Which calls.</param>
internal sealed record RiskRule(RiskLevel Risk, PolicyCondition When);
