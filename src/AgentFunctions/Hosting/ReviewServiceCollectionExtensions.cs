using AgentFunctions.Core;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Runs;
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
            .Configure(options => configuration.GetSection(ReviewOptions.Section).BindStrictly(options))
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ReviewOptions>, ReviewOptionsValidator>());
        services.TryAddSingleton<ReviewStateStore>();
        services.TryAddSingleton<ReviewAdmission>();
        services.AddSingleton<IRunEndObserver>(static provider => provider.GetRequiredService<ReviewAdmission>());
        services.AddSingleton<IErasureObserver, ErasedChanges>();
        services.TryAddSingleton(static provider => new ReviewService(
            provider.GetRequiredService<ReviewStateStore>(), provider.GetRequiredService<AuditLog>(),
            provider.GetRequiredService<Redactor>()));
        services.AddHostedService<ReviewWaker>();
        services.AddHostedService<ReviewMeter>();
    }
}
