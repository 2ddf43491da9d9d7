using AgentFunctions.Governance.Options;
using AgentFunctions.Tools.Workspaces;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds what tools must keep away from.</summary>
public static class GoverningPathServiceCollectionExtensions
{
    /// <summary>Adds a file or folder that governs the runs of this host: its tools can neither read nor write it.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="path">The file or folder; it need not exist.</param>
    /// <param name="what">What it is, for the refusal: "the policy".</param>
    public static IServiceCollection AddGoverningPath(this IServiceCollection services, string path, string what)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(path);
        return services.AddSingleton(new GoverningPath(path, what));
    }

    /// <summary>Keeps the programs that a command line of the host's runs out of reach.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="what">What they are, for the refusal.</param>
    /// <param name="commandLine">The program and its arguments.</param>
    /// <param name="folder">The folder that it starts in; <see langword="null"/> for the host's.</param>
    internal static IServiceCollection AddGoverningPrograms(this IServiceCollection services, string what,
        IEnumerable<string> commandLine, string? folder)
    {
        foreach (string file in ProgramFiles.In(commandLine, folder))
        {
            services.AddGoverningPath(file, what);
        }

        return services;
    }

    /// <summary>Adds what governs every host: policy, keys and configuration.</summary>
    internal static IServiceCollection AddProtectedPaths(this IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new ProtectedPaths(
            [.. FixedPaths(provider), .. provider.GetServices<GoverningPath>()]));
        services.AddHostedService<GoverningLayout>();
        return services;
    }

    private static IEnumerable<GoverningPath> FixedPaths(IServiceProvider provider)
    {
        GovernanceOptions governance = provider.GetRequiredService<IOptions<GovernanceOptions>>().Value;
        if (governance.PolicyPath is { } policy)
        {
            yield return new GoverningPath(policy, "the policy");
        }

        if (governance.KeyFolder is { } keys)
        {
            yield return new GoverningPath(keys, "the host's keys") { IsSecret = true };
        }

        // Those that are not there yet would be read at the next start.
        string root = provider.GetService<IHostEnvironment>()?.ContentRootPath is { Length: > 0 } found
            ? found
            : Environment.CurrentDirectory;
        yield return new GoverningPath(Path.Combine(root, "appsettings"), "the host's configuration") { WithSiblings = true };
    }
}
