namespace AgentFunctions.Mcp.SignIn;

/// <summary>Represents the state of a tool server.</summary>
/// <param name="Name">The name of the server.</param>
/// <param name="Place">The program that is started, or the address.</param>
public sealed record ToolServerStatus(string Name, string Place)
{
    /// <summary>Gets the number of tools that the server offers; <see langword="null"/> if it could not be asked.</summary>
    public int? Tools { get; init; }

    /// <summary>Gets whether a person is signed in, or the host by a grant.</summary>
    public bool IsSignedIn { get; init; }

    /// <summary>Gets when the current token expires (UTC); <see langword="null"/> if that is not known.</summary>
    public DateTimeOffset? SignedInUntil { get; init; }

    /// <summary>Gets whether the token is renewed without a person.</summary>
    public bool IsRenewed { get; init; }

    /// <summary>Gets why the server cannot be used; <see langword="null"/> if it can.</summary>
    public string? Trouble { get; init; }
}
