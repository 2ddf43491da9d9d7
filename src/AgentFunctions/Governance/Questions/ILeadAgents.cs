namespace AgentFunctions.Governance.Questions;

/// <summary>Tells lead agents what their sub-agents ask them.</summary>
internal interface ILeadAgents
{
    /// <summary>
    /// Brings a question to the lead agent that it is for. Safe to repeat; a lead that has ended hears nothing.
    /// </summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task TellAsync(Question question, CancellationToken cancellationToken);
}
