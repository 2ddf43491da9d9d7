using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Governance.Secrets;

/// <summary>
/// Secrets of the configuration (<c>Secrets:NAME</c>) and of the environment (<c>NAME</c>, with <c>_</c> for <c>-</c> and
/// <c>.</c>).
/// </summary>
internal sealed class ConfigurationSecrets(IConfiguration configuration) : ISecretSource
{
    public string Name => "Secrets:NAME in the configuration, the environment variable NAME";

    public Task<string?> FindAsync(string name, CancellationToken cancellationToken = default) => Task.FromResult(
        configuration[$"Secrets:{name}"] ?? Environment.GetEnvironmentVariable(name)
        ?? Environment.GetEnvironmentVariable(name.Replace('-', '_').Replace('.', '_')));
}
