using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore;

namespace AgentFunctions.Tests.AspNetCore.Runs;

/// <summary>
/// Generated code reads an absent member that is init-only as the default of its type, whatever its initializer says. So a body
/// of a request may have an initializer only where it has a setter.
/// </summary>
internal sealed class SubmissionDefaultsTests
{
    private static IEnumerable<Type> Bodies => typeof(ApiOptions).Assembly.GetTypes()
        .Where(static type => type.Name.EndsWith("Submission", StringComparison.Ordinal) && !type.IsAbstract)
        .SelectMany(WithParts).Distinct()
        // A converter of its own fills in the defaults, and a constructor with parameters takes what it needs.
        .Where(static type => type.GetCustomAttribute<JsonConverterAttribute>() is null
            && type.GetConstructor(Type.EmptyTypes) is not null);

    [Test]
    public void Bodies_AreFound() => Assert.That(
        Bodies.Select(static body => body.Name),
        Does.Contain("RewindSubmission").And.Contains("BudgetResource").And.Contains("BulkSubmission"));

    [TestCaseSource(nameof(Bodies))]
    public void Member_WithADefaultOfItsOwn_HasASetter(Type body)
    {
        object empty = Activator.CreateInstance(body)!;
        Assert.That(
            body.GetProperties().Where(IsInitOnly)
                .Where(property => !Equals(property.GetValue(empty), DefaultOf(property.PropertyType)))
                .Select(static property => property.Name),
            Is.Empty);
    }

    private static IEnumerable<Type> WithParts(Type type) => type.GetProperties()
        .Select(static property => property.PropertyType)
        .Where(static part => part.IsClass && part.Namespace?.StartsWith("AgentFunctions", StringComparison.Ordinal) == true)
        .SelectMany(WithParts).Prepend(type);

    private static bool IsInitOnly(PropertyInfo property) => property.GetCustomAttribute<RequiredMemberAttribute>() is null
        && property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;

    private static object? DefaultOf(Type type) => type.IsValueType ? Activator.CreateInstance(type) : null;
}
