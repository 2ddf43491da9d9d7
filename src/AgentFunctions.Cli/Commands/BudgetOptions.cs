using System.CommandLine;
using AgentFunctions.AspNetCore.Runs;

namespace AgentFunctions.Cli.Commands;

/// <summary>The options that say what a run may spend.</summary>
internal sealed class BudgetOptions
{
    private readonly Option<int?> _steps = new("--steps") { Description = "Model calls and tool calls.", HelpName = "N" };
    private readonly Option<long?> _tokens = new("--tokens") { Description = "Tokens, in and out together.", HelpName = "N" };
    private readonly Option<decimal?> _usd =
        new("--usd") { Description = "US dollars; for models with a price.", HelpName = "USD" };
    private readonly Option<string?> _time =
        new("--time") { Description = "Time from the first turn, such as 90m, 5h or 2d.", HelpName = "TIME" };
    private readonly Option<int?> _subAgents = new("--sub-agents") { Description = "Sub-agents.", HelpName = "N" };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _steps, _tokens, _usd, _time, _subAgents })
        {
            command.Add(option);
        }
    }

    /// <summary>Gets what is limited; <see langword="null"/> if nothing is.</summary>
    public BudgetResource? Read(ParseResult parsed)
    {
        var budget = new BudgetResource
        {
            Steps = parsed.GetValue(_steps),
            Tokens = parsed.GetValue(_tokens),
            Usd = parsed.GetValue(_usd),
            WallClock = parsed.GetValue(_time),
            SubAgents = parsed.GetValue(_subAgents),
        };
        return budget == new BudgetResource() ? null : budget;
    }
}
