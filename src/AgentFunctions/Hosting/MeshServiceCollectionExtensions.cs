using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Hosting;
using AgentFunctions.Keys;
using AgentFunctions.Mesh;
using AgentFunctions.Mesh.Cards;
using AgentFunctions.Mesh.Remote;
using AgentFunctions.Network;
using AgentFunctions.Notifications;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds what agents find and call each other with.</summary>
internal static class MeshServiceCollectionExtensions
{
    public static void AddMesh(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<MeshOptions>()
            .Configure(options => configuration.GetSection(MeshOptions.Section).BindStrictly(options))
            .ValidateAnnotations()
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<MeshOptions>, MeshOptionsValidator>();
        services.TryAddSingleton(static provider => new CardKeys(new SigningKeys(
            provider.GetRequiredService<ISigningKeyStore>(), CardKeys.Purpose, provider.GetRequiredService<TimeProvider>())));
        services.AddGuardedHttpClient(MeshHttp.ClientName, followsRedirects: false)
            .ConfigureHttpClient(static client => client.Timeout = MeshHttp.Timeout)
            .AddHttpMessageHandler(static () => new BoundedResponseHandler(MeshHttp.MostBytes));
        services.AddSingleton<NetworkConsents>(static provider => MeshHttp.ConsentsOf(provider.GetRequiredService<IOptions<MeshOptions>>().Value));
        services.TryAddSingleton<MeshHttp>();
        services.TryAddSingleton<RemoteAgents>();
        services.TryAddSingleton<RemoteTasks>();
        services.TryAddSingleton<MeshMessages>();
        services.TryAddSingleton<MeshCalls>();
        services.TryAddSingleton<RemotePeople>();
        services.TryAddSingleton(static provider => new MeshWaker(
            provider.GetRequiredService<MeshCalls>(), provider.GetRequiredService<IOrchestrationClient>(),
            provider.GetRequiredService<PublicAddress>()));
        services.TryAddSingleton<RemoteCalls>();
        services.AddSingleton<IRunEndObserver>(static provider => provider.GetRequiredService<RemoteCalls>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IToolSource, MeshTools>());
    }

    private sealed class MeshOptionsValidator : IValidateOptions<MeshOptions>
    {
        public ValidateOptionsResult Validate(string? name, MeshOptions options) =>
            options.Fault() is { } fault ? ValidateOptionsResult.Fail(fault) : ValidateOptionsResult.Success;
    }
}
