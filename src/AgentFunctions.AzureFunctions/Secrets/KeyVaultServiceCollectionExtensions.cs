using AgentFunctions.AzureFunctions.Secrets;
using AgentFunctions.Governance.Options;
using AgentFunctions.Governance.Secrets;
using Azure.Core;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds secrets of Azure Key Vault to a host.</summary>
public static class KeyVaultServiceCollectionExtensions
{
    /// <summary>
    /// Adds the vault of <c>Governance:KeyVault</c>, if there is one, as a place where <c>${secret:NAME}</c> is looked up.
    /// </summary>
    /// <param name="services">The host's services.</param>
    public static IServiceCollection AddKeyVaultSecrets(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddSingleton<ISecretSource>(static provider => new KeyVaultSecrets(
            provider.GetRequiredService<IOptions<GovernanceOptions>>().Value.KeyVault, provider.GetService<TokenCredential>(),
            provider.GetRequiredService<TimeProvider>()));
    }
}
