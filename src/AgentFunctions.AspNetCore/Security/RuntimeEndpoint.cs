namespace AgentFunctions.AspNetCore.Security;

/// <summary>Marks an endpoint as the runtime's own: the guard, the preflights and the OpenAPI document go by it.</summary>
/// <param name="Access">Who may call it.</param>
internal sealed record RuntimeEndpoint(EndpointAccess Access);

/// <summary>Who may call an endpoint.</summary>
internal enum EndpointAccess
{
    /// <summary>Callers that the guard recognises.</summary>
    Callers,

    /// <summary>Whoever can reach the host: it learns whether the host is up and nothing else.</summary>
    Probe,

    /// <summary>Everybody: public keys.</summary>
    Public,
}
