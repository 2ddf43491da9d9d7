namespace AgentFunctions.Mcp.SignIn;

/// <summary>Represents how a tool server stands.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Place">The program, or the address.</param>
public sealed record ToolServerStatus(string Name, string Place)
{
    /// <summary>Gets how many tools it offers; <see langword="null"/> if it could not be asked.</summary>
    public int? Tools { get; init; }

    /// <summary>Gets whether a person, or the host by a grant, is signed in.</summary>
    public bool IsSignedIn { get; init; }

    /// <summary>Gets until when the present token is good (UTC); <see langword="null"/> if that is not known.</summary>
    public DateTimeOffset? SignedInUntil { get; init; }

    /// <summary>Gets whether the token is renewed without a person.</summary>
    public bool IsRenewed { get; init; }

    /// <summary>Gets why it cannot be used; <see langword="null"/> if it can.</summary>
    public string? Trouble { get; init; }
}
