namespace AgentFunctions.OpenAI;

/// <summary>The provider began an answer with status 200 and put an error into it. Never leaves the client.</summary>
internal sealed class ErrorInAnswerException(string json) : Exception("The answer carries an error.")
{
    /// <summary>Gets the error object.</summary>
    public string Json { get; } = json;
}
