namespace AgentFunctions.OpenAI;

/// <summary>The endpoint answered, but not as one of OpenAI's protocol does. Never leaves the client.</summary>
internal sealed class NoAnswerException(string words, string remedy) : Exception(words)
{
    /// <summary>Gets what mends it where the endpoint has never answered.</summary>
    public string Remedy { get; } = remedy;
}
