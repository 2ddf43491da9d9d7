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
/// <param name="price">The model's price; <see langword="null"/> where none is known.</param>
/// <param name="maxOutputTokens">The longest answer that the model gives.</param>
internal sealed class BudgetGuard(Budget granted, ModelPrice? price, int maxOutputTokens)
{
    /// <summary>An answer shorter than this is not worth a call.</summary>
    public const int LeastAnswer = 64;

    /// <summary>The answer that is kept back for the closing call, where that much is left.</summary>
    public const int ClosingAnswer = 512;

    /// <summary>What may be done next.</summary>
    /// <param name="spentSteps">The steps that are over.</param>
    /// <param name="spent">The tokens and money that are gone.</param>
    /// <param name="inputBound">The most tokens that the next request can have.</param>
    public BudgetDecision Next(int spentSteps, TokenUsage spent, long inputBound)
    {
        int stepsLeft = granted.Steps is { } steps ? steps - spentSteps : int.MaxValue;
        if (stepsLeft < 1)
        {
            return new BudgetDecision(Allowance.Nothing, 0, 0, "steps");
        }

        // A turn may be followed by the closing call, which reads this turn's input and answer again.
        int answer = Math.Min(maxOutputTokens, Affordable(spent, 2 * inputBound, 2, ClosingAnswer));
        if (stepsLeft >= 2 && answer >= LeastAnswer)
        {
            return new BudgetDecision(Allowance.Turn, answer, stepsLeft - 2);
        }

        string shortOf = stepsLeft < 2 ? "steps" : ShortOf(spent, inputBound);
        int closing = Math.Min(Math.Min(maxOutputTokens, 4 * ClosingAnswer), Affordable(spent, inputBound, 1, 0));
        return closing >= LeastAnswer
            ? new BudgetDecision(Allowance.Closing, closing, 0, shortOf)
            : new BudgetDecision(Allowance.Nothing, 0, 0, shortOf);
    }

    /// <summary>The part of the budget that is nearest to its end, from 1 (untouched) to 0 (gone); time is the caller's.</summary>
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

    /// <summary>The longest answer such that input, so many times the answer, and a reserve fit what is left.</summary>
    private int Affordable(TokenUsage spent, long input, int answers, int reserve)
    {
        decimal most = int.MaxValue;
        if (granted.Tokens is { } tokens)
        {
            most = Math.Min(most, (tokens - spent.InputTokens - spent.OutputTokens - input - reserve) / answers);
        }

        if (granted.Usd is { } usd && price is { Output: > 0 })
        {
            // An answer is paid once as output and, where another call follows, once more as input.
            decimal perToken = (price.Output + ((answers - 1) * price.Input)) / 1_000_000m;
            most = Math.Min(most, Math.Floor((usd - spent.Usd - price.Of(input, reserve)) / perToken));
        }

        return (int)Math.Clamp(most, int.MinValue, int.MaxValue);
    }

    private string ShortOf(TokenUsage spent, long inputBound) =>
        granted.Tokens is { } tokens && tokens - spent.InputTokens - spent.OutputTokens < (2 * inputBound) + ClosingAnswer + (2 * LeastAnswer)
            ? "tokens"
            : "usd";
}
