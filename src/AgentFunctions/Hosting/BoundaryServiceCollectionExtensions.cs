using AgentFunctions.Governance.Options;
using AgentFunctions.Network;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AgentFunctions.Hosting;

/// <summary>Adds HTTP clients that keep to the host's boundary.</summary>
internal static class BoundaryServiceCollectionExtensions
{
    /// <summary>
    /// Adds a client whose connections <see cref="NetworkGuard"/> judges. Who uses it bounds what is read of answers.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="name">The client's name.</param>
    /// <param name="followsRedirects">Whether it goes where a server sends it; the boundary holds there too.</param>
    public static IHttpClientBuilder AddGuardedHttpClient(this IServiceCollection services, string name,
        bool followsRedirects = true)
    {
        services.AddOptions();
        services.TryAddSingleton(static provider => new NetworkGuard(
            provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<GovernanceOptions>>(),
            provider.GetServices<NetworkConsents>()));
        return services.AddHttpClient(name)
            .ConfigurePrimaryHttpMessageHandler(provider =>
            {
                SocketsHttpHandler handler = provider.GetRequiredService<NetworkGuard>().CreateHandler(name);
                handler.AllowAutoRedirect = followsRedirects;
                handler.UseCookies = false;
                return handler;
            });
    }
}
