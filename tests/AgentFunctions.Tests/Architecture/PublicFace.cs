using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Architecture;

/// <summary>
/// The public types of the library and who needs them: an adapter or the program, a sample, a document, or the signature of
/// another public type. Options are set by the configuration and by hosts.
/// </summary>
internal sealed partial class PublicFace
{
    private readonly Dictionary<string, HashSet<string>> _signatures = new(StringComparer.Ordinal);

    public PublicFace()
    {
        foreach (string assembly in LibraryAssemblies.All)
        {
            using var file = new PEReader(ImmutableArray.Create(File.ReadAllBytes(assembly)));
            MetadataReader metadata = file.GetMetadataReader();
            var names = new NamesInSignature(metadata);
            foreach (TypeDefinition type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition)
                .Where(static type => type.GetDeclaringType().IsNil && IsPublic(type)))
            {
                Add(metadata, names, type, _signatures[NamesInSignature.NameOf(metadata, type)] = new(StringComparer.Ordinal));
            }
        }
    }

    /// <summary>The full names of all public types that no other type contains.</summary>
    public IEnumerable<string> Types => _signatures.Keys;

    /// <summary>The public types that nobody needs.</summary>
    public IEnumerable<string> Unneeded()
    {
        HashSet<string> words = [.. UserTexts().SelectMany(static text => Word().Matches(text))
            .Select(static match => match.Value)];
        var needed = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(_signatures.Keys.Where(type => IsNamed(type, words)));
        while (open.TryDequeue(out string? type))
        {
            if (needed.Add(type))
            {
                foreach (string use in _signatures[type].Where(_signatures.ContainsKey))
                {
                    open.Enqueue(use);
                }
            }
        }

        return _signatures.Keys.Where(type => !needed.Contains(type)).Order(StringComparer.Ordinal);
    }

    /// <summary>A class of extension methods is needed for one of its methods, which nobody names with its class.</summary>
    private bool IsNamed(string type, HashSet<string> words)
    {
        string name = type[(type.LastIndexOf('.') + 1)..].Split('`')[0];
        return words.Contains(name) || name.EndsWith("Options", StringComparison.Ordinal)
            || _signatures[type].Contains("System.Runtime.CompilerServices.ExtensionAttribute");
    }

    private static IEnumerable<string> UserTexts()
    {
        foreach (string source in Repository.Sources.Where(static file => !LibraryAssemblies.Names.Contains(file[..file.IndexOf('/', StringComparison.Ordinal)])))
        {
            yield return Repository.Text("src/" + source);
        }

        foreach (string sample in Directory.EnumerateFiles(Path.Combine(Repository.Root, "samples"), "*.cs",
            SearchOption.AllDirectories)
            .Where(static file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}",
                StringComparison.Ordinal)))
        {
            yield return File.ReadAllText(sample);
        }

        foreach (string document in Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md")
            .Append(Path.Combine(Repository.Root, "README.md")))
        {
            yield return string.Concat(Code().Matches(File.ReadAllText(document)).Select(static match => match.Value));
        }
    }

    private static void Add(MetadataReader metadata, NamesInSignature names, TypeDefinition type, HashSet<string> used)
    {
        used.UnionWith(names.Of(type.BaseType));
        used.UnionWith(type.GetInterfaceImplementations()
            .SelectMany(handle => names.Of(metadata.GetInterfaceImplementation(handle).Interface)));
        foreach (CustomAttribute attribute in type.GetCustomAttributes().Select(metadata.GetCustomAttribute))
        {
            used.UnionWith(names.Of(attribute.Constructor));
            // A type that an attribute names stands there as text.
            used.UnionWith(TypeName().Matches(Encoding.UTF8.GetString(metadata.GetBlobBytes(attribute.Value)))
                .Select(static match => match.Value));
        }

        used.UnionWith(type.GetFields().Select(metadata.GetFieldDefinition)
            .Where(static field => (field.Attributes & FieldAttributes.FieldAccessMask) == FieldAttributes.Public)
            .SelectMany(field => field.DecodeSignature(names, null)));
        used.UnionWith(type.GetMethods().Select(metadata.GetMethodDefinition)
            .Where(static method => (method.Attributes & MethodAttributes.MemberAccessMask) is MethodAttributes.Public
                or MethodAttributes.Family)
            .SelectMany(method => NamesInSignature.Flat(method.DecodeSignature(names, null))));
        foreach (TypeDefinition nested in type.GetNestedTypes().Select(metadata.GetTypeDefinition).Where(IsPublic))
        {
            Add(metadata, names, nested, used);
        }
    }

    private static bool IsPublic(TypeDefinition type) =>
        (type.Attributes & TypeAttributes.VisibilityMask) is TypeAttributes.Public or TypeAttributes.NestedPublic;

    [GeneratedRegex(@"AgentFunctions(\.[A-Z][A-Za-z0-9]*)+", RegexOptions.CultureInvariant)]
    private static partial Regex TypeName();

    [GeneratedRegex("[A-Z][A-Za-z0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex("```.*?```|`[^`\n]+`", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Code();
}
