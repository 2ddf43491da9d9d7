using AgentFunctions;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Governance.Reviews;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the review queues.</summary>
internal static class ReviewServiceCollectionExtensions
{
    public static void AddReviews(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ReviewOptions>()
            .Configure(options => Bind(configuration.GetSection(ReviewOptions.Section), options))
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ReviewOptions>, ReviewOptionsValidator>());
        services.TryAddSingleton<ReviewBooks>();
        services.TryAddSingleton<ReviewGate>();
        services.TryAddSingleton(static provider => new ReviewDesk(
            provider.GetRequiredService<ReviewBooks>(), provider.GetRequiredService<AuditLog>(), provider.GetRequiredService<Redactor>()));
        services.AddHostedService<ReviewWaker>();
    }

    /// <summary>A misspelt capacity would be none: what nobody knows stops the start.</summary>
    private static void Bind(IConfigurationSection section, ReviewOptions options)
    {
        try
        {
            section.Bind(options, static binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{ReviewOptions.Section}: {e.InnerException?.Message ?? e.Message}", e);
        }
    }
}
