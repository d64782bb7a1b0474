// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <type_traits>

// The two functions for which C++20 needs one line of code per number of fields.

namespace procession::inline v0::detail::codec {

/// A list of types, passed by value.
template <class... T>
struct Types {};

/// How many fields an aggregate may have. One more is probed, to detect "too many".
inline constexpr std::size_t fields_max = 32;

template <std::size_t count>
using Count = std::integral_constant<std::size_t, count>;

// takes_empty(Count<n>): whether T can be initialised by n times {}. Each default-constructible
// field takes one {}, even an array or an empty struct.
template <class T>
consteval bool takes_empty(Count<0>) {
    return requires { T{}; };
}
template <class T>
consteval bool takes_empty(Count<1>) {
    return requires { T{{}}; };
}
template <class T>
consteval bool takes_empty(Count<2>) {
    return requires { T{{}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<3>) {
    return requires { T{{}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<4>) {
    return requires { T{{}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<5>) {
    return requires { T{{}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<6>) {
    return requires { T{{}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<7>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<8>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<9>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<10>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<11>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<12>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<13>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<14>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<15>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<16>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<17>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<18>) {
    return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
}
template <class T>
consteval bool takes_empty(Count<19>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<20>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<21>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<22>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<23>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
          {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<24>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
          {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<25>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
          {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<26>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
          {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<27>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
          {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<28>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
          {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<29>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
          {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<30>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
          {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<31>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
          {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<32>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
          {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}
template <class T>
consteval bool takes_empty(Count<33>) {
    return requires {
        T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
          {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
}

// with_fields(Count<n>, object, visit) calls visit(Types<declared field types...>, fields...).

template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<0>, T&, Visit&& visit) {
    return visit(Types<>{});
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<1>, T& object, Visit&& visit) {
    auto& [a] = object;
    return visit(Types<decltype(a)>{}, a);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<2>, T& object, Visit&& visit) {
    auto& [a, b] = object;
    return visit(Types<decltype(a), decltype(b)>{}, a, b);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<3>, T& object, Visit&& visit) {
    auto& [a, b, c] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c)>{}, a, b, c);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<4>, T& object, Visit&& visit) {
    auto& [a, b, c, d] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d)>{}, a, b, c, d);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<5>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e)>{}, a, b, c,
                 d, e);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<6>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f] = object;
    return visit(
        Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f)>{}, a, b,
        c, d, e, f);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<7>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g)>{},
                 a, b, c, d, e, f, g);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<8>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h)>{},
                 a, b, c, d, e, f, g, h);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<9>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i)>{},
                 a, b, c, d, e, f, g, h, i);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<10>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j)>{},
                 a, b, c, d, e, f, g, h, i, j);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<11>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k)>{},
                 a, b, c, d, e, f, g, h, i, j, k);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<12>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = object;
    return visit(
        Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
              decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l)>{},
        a, b, c, d, e, f, g, h, i, j, k, l);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<13>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<14>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<15>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<16>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<17>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<18>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = object;
    return visit(
        Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
              decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
              decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r)>{},
        a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<19>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<20>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s), decltype(t)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<21>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s), decltype(t), decltype(u)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<22>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s), decltype(t), decltype(u), decltype(v)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<23>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s), decltype(t), decltype(u), decltype(v), decltype(w)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<24>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x] = object;
    return visit(
        Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
              decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
              decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
              decltype(s), decltype(t), decltype(u), decltype(v), decltype(w), decltype(x)>{},
        a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<25>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s), decltype(t), decltype(u), decltype(v), decltype(w), decltype(x),
                       decltype(y)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<26>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s), decltype(t), decltype(u), decltype(v), decltype(w), decltype(x),
                       decltype(y), decltype(z)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<27>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A] =
        object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s), decltype(t), decltype(u), decltype(v), decltype(w), decltype(x),
                       decltype(y), decltype(z), decltype(A)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<28>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B] =
        object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s), decltype(t), decltype(u), decltype(v), decltype(w), decltype(x),
                       decltype(y), decltype(z), decltype(A), decltype(B)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A,
                 B);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<29>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C] =
        object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s), decltype(t), decltype(u), decltype(v), decltype(w), decltype(x),
                       decltype(y), decltype(z), decltype(A), decltype(B), decltype(C)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B,
                 C);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<30>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C,
           D] = object;
    return visit(
        Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
              decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
              decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
              decltype(s), decltype(t), decltype(u), decltype(v), decltype(w), decltype(x),
              decltype(y), decltype(z), decltype(A), decltype(B), decltype(C), decltype(D)>{},
        a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<31>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D,
           E] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s), decltype(t), decltype(u), decltype(v), decltype(w), decltype(x),
                       decltype(y), decltype(z), decltype(A), decltype(B), decltype(C), decltype(D),
                       decltype(E)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B,
                 C, D, E);
}
template <class T, class Visit>
constexpr decltype(auto) with_fields(Count<32>, T& object, Visit&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D,
           E, F] = object;
    return visit(Types<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                       decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                       decltype(m), decltype(n), decltype(o), decltype(p), decltype(q), decltype(r),
                       decltype(s), decltype(t), decltype(u), decltype(v), decltype(w), decltype(x),
                       decltype(y), decltype(z), decltype(A), decltype(B), decltype(C), decltype(D),
                       decltype(E), decltype(F)>{},
                 a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B,
                 C, D, E, F);
}

}  // namespace procession::inline v0::detail::codec
