using System.Globalization;
using AgentFunctions.Budgets;
using AgentFunctions.Core.Yaml;

namespace AgentFunctions.Governance.Policies;

/// <summary>How much must be left of a run's budget for a rule to apply. What is not limited is never below anything.</summary>
internal sealed class BudgetCondition
{
    private readonly List<Func<Budget, bool>> _tests = [];

    private BudgetCondition()
    {
    }

    /// <summary>Reads the keys below <c>budgetLeft</c>: each part with <c>below</c>, <c>above</c> or both.</summary>
    public static BudgetCondition Read(YamlMap map)
    {
        var condition = new BudgetCondition();
        condition.Add(map, "steps", static (part, key) => part.Number(key), static budget => budget.Steps);
        condition.Add(map, "tokens", static (part, key) => part.Number(key), static budget => budget.Tokens);
        condition.Add(map, "usd", static (part, key) => part.Number(key), static budget => budget.Usd);
        condition.Add(
            map, "wallClock", static (part, key) => (decimal?)part.Duration(key)?.TotalSeconds,
            static budget => (decimal?)budget.WallClock?.TotalSeconds);
        condition.Add(map, "subAgents", static (part, key) => part.Number(key), static budget => budget.SubAgents);
        map.Close();
        return condition._tests.Count > 0
            ? condition
            : throw map.Error("no part of the budget is named", "write for instance 'budgetLeft: {usd: {below: 1}}'");
    }

    public bool Holds(Budget left)
    {
        foreach (Func<Budget, bool> test in _tests)
        {
            if (!test(left))
            {
                return false;
            }
        }

        return true;
    }

    private void Add(YamlMap map, string name, Func<YamlMap, string, decimal?> read, Func<Budget, decimal?> part)
    {
        if (map.Map(name) is not { } bounds)
        {
            return;
        }

        decimal? below = read(bounds, "below");
        decimal? above = read(bounds, "above");
        bounds.Close();
        if (below is null && above is null)
        {
            throw map.Error(name, $"'{name}' has no bound",
                string.Create(CultureInfo.InvariantCulture, $"write '{name}: {{below: …}}' or '{name}: {{above: …}}'"));
        }

        _tests.Add(left => part(left) is { } value
            ? (below is null || value < below) && (above is null || value > above)
            : below is null);
    }
}
