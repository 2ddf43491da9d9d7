namespace AgentFunctions.Governance.Secrets;

/// <summary>Stands for the key vault of the configuration on a host that cannot read one.</summary>
internal sealed class UnservedKeyVault(Uri vault) : ISecretSource
{
    public string Name => NameOf(vault);

    /// <summary>The name of the source that reads a vault.</summary>
    public static string NameOf(Uri vault) => $"the key vault {vault.Host}";

    public Task<string?> FindAsync(string name, CancellationToken cancellationToken = default) => throw new AgentException(
        ErrorCode.InvalidInput,
        $"Governance:KeyVault: this host cannot read '{name}' from {Name}; reference AgentFunctions.AzureFunctions and call services.AddKeyVaultSecrets(), or add a source of your own with AddSecretSource.");
}
