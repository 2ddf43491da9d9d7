namespace AgentFunctions.Mcp.SignIn;

/// <summary>Keeps sealed sign-ins by name.</summary>
internal interface ISignInBacking
{
    /// <summary>Gets what is kept under a name; <see langword="null"/> if nothing is.</summary>
    Task<byte[]?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>Keeps a value, whole or not at all.</summary>
    Task PutAsync(string name, byte[] value, CancellationToken cancellationToken);

    /// <summary>Deletes what is kept under a name; nothing is fine.</summary>
    Task DeleteAsync(string name, CancellationToken cancellationToken);
}
