using AgentFunctions.Models;
using AgentFunctions.Models.Rehearsal;
using AgentFunctions.Models.Resilience;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the models that a host can call.</summary>
public static class ModelServiceCollectionExtensions
{
    /// <summary>
    /// Adds a model of the host's own; any <see cref="IChatClient"/> fits. It comes before those of the configuration, except for
    /// one that is called <c>default</c>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="model">Makes the model, once.</param>
    public static IServiceCollection AddAgentModel(this IServiceCollection services, Func<IServiceProvider, ModelBinding> model)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(model);
        return services.AddSingleton(model);
    }

    /// <summary>
    /// Adds <see cref="IModelCatalog"/>: the models that code added, those that packages added, and the rehearsal model last.
    /// </summary>
    internal static IServiceCollection AddModelCatalog(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ModelConcurrency>();
        services.TryAddSingleton<ModelOutages>();
        TimeSpan pause = configuration.GetValue<TimeSpan>("Rehearsal:Pause");
        services.TryAddSingleton<IModelCatalog>(provider => new ModelCatalog(
            [
                .. provider.GetServices<ModelBinding>(),
                .. provider.GetServices<ConfiguredModel>().Select(static model => model.Binding),
                RehearsalModel.Named("rehearsal", pause),
            ],
            provider.GetService<ModelAliases>()));
        return services;
    }
}
