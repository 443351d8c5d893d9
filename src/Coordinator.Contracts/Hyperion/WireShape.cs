using System.Collections.Immutable;
using System.Reflection;

namespace Coordinator.Contracts;

/// <summary>
/// What a listed type may be made of. Only shapes whose exact type is known from the declaration pass: a field of an interface, of <see cref="object"/> or
/// of an open class would let the sender choose what the receiver creates.
/// </summary>
public static class WireShape
{
    private static readonly ImmutableHashSet<Type> Basic =
    [
        typeof(bool), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
        typeof(float), typeof(double), typeof(decimal), typeof(char), typeof(string), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan),
    ];

    /// <summary>All types that the messages of <paramref name="listed"/> can hold, themselves included.</summary>
    /// <exception cref="ArgumentException">A listed type is open, generic, named twice, or has a field that this list does not cover. The text names the
    /// field.</exception>
    public static ImmutableHashSet<Type> Closure(ImmutableArray<Type> listed)
    {
        var closure = ImmutableHashSet.CreateBuilder<Type>();
        foreach (var type in listed)
        {
            if (type.IsGenericType || !type.IsSealed || type.IsEnum || type.IsAbstract)
            {
                throw new ArgumentException($"{type.FullName} cannot be a wire type: list sealed, non-generic records only.", nameof(listed));
            }

            if (!closure.Add(type))
            {
                throw new ArgumentException($"{type.FullName} is listed twice.", nameof(listed));
            }
        }

        foreach (var type in listed)
        {
            foreach (var field in FieldsOf(type))
            {
                AddField(closure, listed, field.FieldType, field);
            }
        }

        return closure.ToImmutable();
    }

    /// <summary>One line for golden files: <c>Namespace.Type(Field: Type, ...)</c>, fields in the order in which Hyperion writes them.</summary>
    public static string Describe(Type type) =>
        $"{type.FullName}({string.Join(", ", FieldsOf(type).Select(field => $"{PropertyName(field)}: {ShortName(field.FieldType)}"))})";

    // Hyperion's own order (TypeEx / ReflectionEx 0.12.2): instance fields of the type and its bases, by name.
    private static FieldInfo[] FieldsOf(Type type)
    {
        var fields = new List<FieldInfo>();
        for (var current = type; current is not null && current != typeof(object) && current != typeof(ValueType); current = current.BaseType)
        {
            fields.AddRange(current.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly));
        }

        return [.. fields.OrderBy(field => field.Name, StringComparer.Ordinal)];
    }

    private static void AddField(ImmutableHashSet<Type>.Builder closure, ImmutableArray<Type> listed, Type type, FieldInfo field)
    {
        if (Basic.Contains(type) || type.IsEnum || listed.Contains(type))
        {
            closure.Add(type);
        }
        else if (ElementOf(type) is { } element)
        {
            closure.Add(type);
            AddField(closure, listed, element, field);
        }
        else
        {
            throw new ArgumentException($"{field.DeclaringType!.FullName}.{PropertyName(field)} is a {ShortName(type)}, which may not travel between nodes: "
                + "use numbers, strings, Guid, DateTimeOffset, enums, arrays or ImmutableArray of them, "
                + "or a sealed record that is listed itself.", nameof(listed));
        }
    }

    private static Type? ElementOf(Type type) => type switch
    {
        { IsSZArray: true } => type.GetElementType(),
        { IsConstructedGenericType: true } when type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) => type.GetGenericArguments()[0],
        { IsConstructedGenericType: true } when type.GetGenericTypeDefinition() == typeof(Nullable<>) => type.GetGenericArguments()[0],
        _ => null,
    };

    private static string PropertyName(FieldInfo field) =>
        field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;

    private static string ShortName(Type type) => type switch
    {
        { IsSZArray: true } => ShortName(type.GetElementType()!) + "[]",
        { IsConstructedGenericType: true } => $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{ShortName(type.GetGenericArguments()[0])}>",
        { IsEnum: true } => $"{type.Name}{{{string.Join(',', Enum.GetNames(type).Select(name => $"{name}={Convert.ToInt64(Enum.Parse(type, name))}"))}}}",
        _ => type.Name,
    };
}
