using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

// Checks settings by the annotations of their options. AgentFunctions.AspNetCore compiles this file too, so what stands here is
// no documentation: the description of the API would find it twice.
internal static class AnnotatedOptionsBuilderExtensions
{
    // In the words of the annotations, which name the setting and the remedy: the framework's own check puts words about types
    // around them.
    public static OptionsBuilder<T> ValidateAnnotations<T>(this OptionsBuilder<T> builder)
        where T : class
    {
        builder.Services.AddSingleton<IValidateOptions<T>>(new AnnotationsValidator<T>());
        return builder;
    }

    private sealed class AnnotationsValidator<T> : IValidateOptions<T>
        where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var faults = new List<ValidationResult>();
            Check(options, faults);
            return faults.Count == 0 ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(faults.Select(static fault => fault.ErrorMessage!));
        }

        private static void Check(object options, List<ValidationResult> faults)
        {
            Validator.TryValidateObject(options, new ValidationContext(options), faults, validateAllProperties: true);
            foreach (PropertyInfo part in options.GetType().GetProperties()
                .Where(static part => part.IsDefined(typeof(ValidateObjectMembersAttribute))))
            {
                Check(part.GetValue(options)!, faults);
            }
        }
    }
}
