namespace AgentFunctions.Budgets;

/// <summary>What may be done next.</summary>
internal enum Allowance
{
    /// <summary>A turn like any other.</summary>
    Turn,

    /// <summary>One last model call without tools, to sum up.</summary>
    Closing,

    /// <summary>Nothing more.</summary>
    Nothing,
}

/// <summary>What may be done next, and how long the model's answer may be at the most.</summary>
/// <param name="What">What may be done.</param>
/// <param name="MaxOutputTokens">The bound of the answer, in tokens.</param>
/// <param name="ToolCalls">The most tool calls that the turn may make.</param>
/// <param name="ShortOf">What forbids more: the name of a part of the budget.</param>
internal sealed record BudgetDecision(Allowance What, int MaxOutputTokens, int ToolCalls, string? ShortOf = null);

/// <summary>
/// Decides from recorded usage alone whether the next model call fits what is left of a budget. It counts with the worst:
/// the input at its upper bound and an answer as long as it may be; a call that could pass the limit is not made. What
/// the closing call needs is kept back.
/// </summary>
/// <param name="granted">What may be spent in all.</param>
/// <param name="price">The model's price; <see langword="null"/> if none is known.</param>
/// <param name="maxOutputTokens">The longest answer that the model gives.</param>
internal sealed class BudgetGuard(Budget granted, ModelPrice? price, int maxOutputTokens)
{
    /// <summary>An answer shorter than this is not worth a call.</summary>
    public const int LeastAnswer = 64;

    /// <summary>The answer that is kept back for the closing call, where that much is left.</summary>
    public const int ClosingAnswer = 512;

    /// <summary>
    /// The input that is kept back for the closing call beyond what the turn had: short results and the notice.
    /// </summary>
    public const int ClosingInput = 1_024;

    /// <summary>
    /// Gets whether a model call can spend what is limited, so that one whose outcome was lost must be counted.
    /// </summary>
    public bool CountsCalls => granted is not { Steps: null, Tokens: null, Usd: null };

    /// <summary>What may be done next.</summary>
    /// <param name="spentSteps">The steps that are over.</param>
    /// <param name="spent">The tokens and money that are gone.</param>
    /// <param name="inputBound">The most tokens that the next request can have.</param>
    public BudgetDecision Next(int spentSteps, TokenUsage spent, long inputBound)
    {
        int stepsLeft = StepsLeft(spentSteps);
        if (stepsLeft < 1)
        {
            return new BudgetDecision(Allowance.Nothing, 0, 0, "steps");
        }

        // A turn may be followed by the closing call, which reads this turn's input and answer again.
        int answer = Math.Min(maxOutputTokens, Affordable(spent, (2 * inputBound) + ClosingInput, 2, ClosingAnswer));
        if (stepsLeft >= 2 && answer >= Math.Min(LeastAnswer, maxOutputTokens))
        {
            return new BudgetDecision(Allowance.Turn, answer, stepsLeft - 2);
        }

        string shortOf = stepsLeft < 2 ? "steps" : ShortOf(spent, inputBound);
        int closing = Math.Min(Math.Min(maxOutputTokens, 4 * ClosingAnswer), Affordable(spent, inputBound, 1, 0));
        return closing >= Math.Min(LeastAnswer, maxOutputTokens)
            ? new BudgetDecision(Allowance.Closing, closing, 0, shortOf)
            : new BudgetDecision(Allowance.Nothing, 0, 0, shortOf);
    }

    /// <summary>
    /// The most tokens of input of a call beside the conversation (a summary, a judge), such that the closing call can still
    /// be made after it; 0 or less where there is no room for it.
    /// </summary>
    /// <param name="spentSteps">The steps that are over.</param>
    /// <param name="spent">The tokens and money that are gone.</param>
    /// <param name="inputBound">The most tokens that the next request of the conversation can have.</param>
    /// <param name="answer">The bound of the call's answer, in tokens.</param>
    public long SideInput(int spentSteps, TokenUsage spent, long inputBound, int answer) =>
        StepsLeft(spentSteps) < 2 ? 0 : Beside(spent, inputBound, answer);

    /// <summary>What forbids a call beside the conversation that has no room: the name of a part of the budget.</summary>
    /// <param name="spentSteps">The steps that are over.</param>
    public string ShortOfSideInput(int spentSteps) =>
        StepsLeft(spentSteps) < 2 ? "steps" : granted.Usd is null ? "tokens" : "usd";

    /// <summary>The most bytes of tool results after which the closing call can still be made.</summary>
    /// <param name="spent">The tokens and money that are gone.</param>
    /// <param name="inputBound">The most tokens that the next request can have without the results.</param>
    public long ResultBytes(TokenUsage spent, long inputBound) => Beside(spent, inputBound, 0);

    /// <summary>What a call consumes at the most.</summary>
    /// <param name="inputBound">The most tokens of its request.</param>
    /// <param name="answer">The bound of its answer, in tokens.</param>
    public TokenUsage Worst(long inputBound, int answer) => new(inputBound, answer, 0, price?.AtMost(inputBound, answer) ?? 0);

    /// <summary>
    /// The part of the budget that is nearest to its end, from 1 (untouched) to 0 (gone); time is the caller's.
    /// </summary>
    public double LeftShare(int spentSteps, TokenUsage spent)
    {
        double left = 1;
        if (granted.Steps is { } steps)
        {
            left = Math.Min(left, 1 - ((double)spentSteps / steps));
        }

        if (granted.Tokens is { } tokens)
        {
            left = Math.Min(left, 1 - ((double)(spent.InputTokens + spent.OutputTokens) / tokens));
        }

        return granted.Usd is { } usd ? Math.Min(left, (double)(1 - (spent.Usd / usd))) : left;
    }

    private int StepsLeft(int spentSteps) => granted.Steps is { } steps ? steps - spentSteps : int.MaxValue;

    /// <summary>The tokens of input that are left beside the closing call and an answer.</summary>
    private long Beside(TokenUsage spent, long inputBound, int answer)
    {
        decimal most = long.MaxValue;
        if (granted.Tokens is { } tokens)
        {
            most = tokens - spent.InputTokens - spent.OutputTokens - inputBound - ClosingAnswer - answer;
        }

        if (granted.Usd is { } usd && price is not null)
        {
            decimal left = usd - spent.Usd - price.AtMost(inputBound, ClosingAnswer + answer);
            most = left <= 0 ? 0 : price.MostInput > 0 ? Math.Min(most, left * 1_000_000m / price.MostInput) : most;
        }

        return (long)Math.Clamp(most, 0, long.MaxValue);
    }

    /// <summary>The longest answer such that input, so many times the answer, and a reserve fit what is left.</summary>
    private int Affordable(TokenUsage spent, long input, int answers, int reserve)
    {
        decimal most = int.MaxValue;
        if (granted.Tokens is { } tokens)
        {
            most = Math.Min(most,
                Math.Floor((tokens - spent.InputTokens - spent.OutputTokens - input - reserve) / (decimal)answers));
        }

        if (granted.Usd is { } usd && price is not null)
        {
            decimal left = usd - spent.Usd - price.AtMost(input, reserve);
            // An answer is paid once as output and, where another call follows, once more as input.
            decimal perToken = (price.Output + ((answers - 1) * price.MostInput)) / 1_000_000m;
            most = left < 0 ? -1 : perToken > 0 ? Math.Min(most, Math.Floor(left / perToken)) : most;
        }

        return (int)Math.Clamp(most, -1, int.MaxValue);
    }

    private string ShortOf(TokenUsage spent, long inputBound) =>
        granted.Tokens is { } tokens
        && tokens - spent.InputTokens - spent.OutputTokens < (2 * inputBound) + ClosingInput + ClosingAnswer + (2 * LeastAnswer)
            ? "tokens"
            : "usd";
}
