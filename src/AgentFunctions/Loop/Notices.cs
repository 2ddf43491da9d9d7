using System.Globalization;
using AgentFunctions.Budgets;

namespace AgentFunctions.Loop;

/// <summary>What the host tells the model, word for word the same at every replay.</summary>
internal static class Notices
{
    public const string EmptyAnswer = "Your last message was empty. Call a tool, or give your answer in plain text.";

    public const string CutAnswer = "Your last message was cut off at the length limit. Give it again, short enough to be whole.";

    public const string CallsInText =
        "Your last message held a tool call as text, which calls nothing. Call the tool through the tool interface, or give your answer in plain text.";

    public const string MalformedCall =
        "Your last message began a tool call that was not well formed, so nothing was called. Make the call again, or give your "
        + "answer in plain text.";

    public static string Closing(string shortOf) =>
        $"The run's budget of {shortOf} is used up and this is your last message. Sum up what was reached, what is left to do, and "
        + "where the results are. No tools can be called any more.";

    public static string NotAccepted(string? findings) =>
        $"Your answer was not accepted. What is missing:\n{findings}\nMend it, then answer again.";

    public static string BudgetLeft(RunState state)
    {
        Budget budget = state.Limits.Budget;
        List<string> left = [];
        if (budget.Steps is { } steps)
        {
            left.Add(string.Create(CultureInfo.InvariantCulture, $"{steps - state.Steps} of {steps} steps"));
        }

        if (budget.Tokens is { } tokens)
        {
            left.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{tokens - state.Usage.InputTokens - state.Usage.OutputTokens} of {tokens} tokens"));
        }

        if (budget.Usd is { } usd)
        {
            left.Add(string.Create(CultureInfo.InvariantCulture, $"{usd - state.Usage.Usd:0.####} of {usd:0.####} US dollars"));
        }

        return $"The run's budget is running low: {string.Join(", ", left)} are left. Finish the most important part first.";
    }

    public static string? Join(string? one, string? other) => (one, other) switch
    {
        (null, _) => other,
        (_, null) => one,
        _ => $"{one}\n\n{other}",
    };

    public static ErrorCode LimitCode(string shortOf) => shortOf switch
    {
        "turns" => ErrorCode.TurnLimitReached,
        "time" => ErrorCode.TimeLimitReached,
        "tokens" => ErrorCode.TokenLimitReached,
        "steps" => ErrorCode.StepLimitReached,
        _ => ErrorCode.SpendLimitReached,
    };
}
