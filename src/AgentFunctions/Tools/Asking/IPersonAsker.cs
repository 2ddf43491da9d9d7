namespace AgentFunctions.Tools.Asking;

/// <summary>
/// Lets a call ask people. It is attached to the call as a feature. A call that gets no answer yet ends there, with any result:
/// it waits without compute and is made again when somebody has answered, when its questions are found by their numbers.
/// </summary>
internal interface IPersonAsker
{
    /// <summary>Asks a question once, however often the call is made; later, gets what became of it.</summary>
    /// <param name="number">The number of the question among those of the call, from 0.</param>
    /// <param name="question">The question.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolArgumentsInvalid"/>: the question is no good; the message names the field.
    /// </exception>
    Task<PersonAnswer> AskAsync(int number, PersonQuestion question, CancellationToken cancellationToken);

    /// <summary>Withdraws a question that needs no answer any more, if nobody has answered it.</summary>
    /// <param name="id">The question.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task WithdrawAsync(string id, string reason, CancellationToken cancellationToken);

    /// <summary>Says that the result of the call is what a person said.</summary>
    /// <param name="by">The person.</param>
    void ResultIsSaidBy(string by);
}
