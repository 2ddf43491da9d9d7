namespace AgentFunctions.Tools;

/// <summary>Lets the requests of a tool show whom they are made for.</summary>
internal interface IRequestSigner
{
    /// <summary>Signs a request, if the configuration names the server that it goes to.</summary>
    /// <param name="request">The request.</param>
    /// <param name="call">The call that makes it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task SignAsync(HttpRequestMessage request, ToolContext call, CancellationToken cancellationToken);
}
