namespace AgentFunctions.Cli.Output;

/// <summary>Asks for a decision about a tool call on a terminal.</summary>
internal static class ApprovalPrompt
{
    /// <summary>Asks until the person types a valid answer.</summary>
    /// <param name="description">What is to be decided, made safe for a terminal.</param>
    /// <param name="input">Where the person types.</param>
    /// <param name="output">Where the person reads.</param>
    /// <returns>The decision; <see langword="null"/> if the person typed <c>later</c> or closed the input.</returns>
    public static Said? Ask(string description, TextReader input, TextWriter output)
    {
        output.WriteLine(description);
        while (true)
        {
            output.Write("'approve', 'deny WORDS' (the model reads them) or 'later' > ");
            string? typed = input.ReadLine()?.Trim();
            switch (typed?.Split(' ', 2))
            {
                case null or ["later"]:
                    return null;
                case ["approve", .. var words]:
                    return new Said(true, words.FirstOrDefault());
                case ["deny", .. var words]:
                    return new Said(false, words.FirstOrDefault());
                default:
                    output.WriteLine("Use approve, deny or later.");
                    break;
            }
        }
    }

    /// <summary>What the person said.</summary>
    /// <param name="Approves">Whether the call may be made.</param>
    /// <param name="Comment">Why; <see langword="null"/> for nothing.</param>
    internal sealed record Said(bool Approves, string? Comment);
}
