using AgentFunctions.Governance.Secrets;
using AgentFunctions.Hosting;
using AgentFunctions.Network;
using AgentFunctions.OpenApi;
using AgentFunctions.OpenApi.Parts;
using AgentFunctions.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the operations of HTTP APIs to a host as tools.</summary>
public static class OpenApiToolServiceCollectionExtensions
{
    /// <summary>
    /// Adds the operations of an API as tools <c>name__operation</c>. Reading ones (GET) count as without effect, PUT and DELETE
    /// as idempotent, all others as not; <c>x-effect</c> in the description says otherwise. Every call carries the header
    /// <c>Idempotency-Key: run/turn/call</c>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets at least <see cref="OpenApiOptions.Name"/> and <see cref="OpenApiOptions.Document"/>.</param>
    /// <exception cref="AgentFunctions.AgentException">
    /// <see cref="AgentFunctions.ErrorCode.InvalidInput"/>: an option is wrong; the message names it.
    /// </exception>
    public static IServiceCollection AddOpenApiTools(this IServiceCollection services, Action<OpenApiOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new OpenApiOptions();
        configure(options);
        options.Validate();
        IReadOnlySet<string> parts = new HashSet<string>();
        if (File.Exists(options.Document))
        {
            services.AddGoverningPath(options.Document, $"the description of {options.Name}");
            parts = FolderParts.Of(options.Document);
            foreach (string part in parts)
            {
                services.AddGoverningPath(part, $"a part of the description of {options.Name}");
            }
        }

        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.AddGuardedHttpClient(OpenApiOptions.DefaultHttpClientName, followsRedirects: false)
            .ConfigureHttpClient(static client => client.Timeout = Timeout.InfiniteTimeSpan);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, OpenApiStart>());
        services.AddSingleton<IToolSource>(provider => new OpenApiToolSource(
            options,
            parts,
            provider.GetRequiredService<IHttpClientFactory>(),
            provider.GetRequiredService<NetworkGuard>(),
            new VariableText(provider.GetService<IConfiguration>(), provider.GetService<SecretResolver>()),
            provider.GetRequiredService<ILogger<OpenApiToolSource>>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
